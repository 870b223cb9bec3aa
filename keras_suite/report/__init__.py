"""The report: all runs on one page, and two runs side by side."""
