"""Torture: Arpent is killed, frozen and lied to at every point of its work; nothing is lost."""
