"""COVID fake news."""
