"""Random conditions and hostile strings: a share in the suite, all of them by `make fuzz`."""
