"""The command line: thin functions that open what a stage needs and show what it returns."""
