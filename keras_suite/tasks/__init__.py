"""What one experiment alone uses, a room for each."""
