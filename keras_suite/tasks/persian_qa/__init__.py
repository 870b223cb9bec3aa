"""Persian question answering."""
