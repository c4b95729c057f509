"""The verbs: each stage is a file (`pull`, `tag`, `measure`, `alert`, `push`); read `cycle` first."""
