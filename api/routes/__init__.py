"""What can be asked of the front door, one file for each kind of visitor."""
