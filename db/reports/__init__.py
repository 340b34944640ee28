"""What is known, told: exports, frames, status."""
