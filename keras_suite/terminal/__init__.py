"""The terminal and the files a process leaves: progress, quiet start, Ctrl-C, whole files."""
