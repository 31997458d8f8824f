"""What the command line can be asked for, each group of commands beside what it does."""
