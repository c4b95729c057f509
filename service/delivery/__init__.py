"""Delivery: a digest in the shape that each way of sending wants, and the sending itself."""
