"""What commands print, by area."""
