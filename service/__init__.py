"""The verbs: a stage is a file (`pull`, `tag`, `measure`, `alert`, `push`); `cycle` comes first."""
