"""The reader's side of a rehearsal: the machine, the terminal and the project."""
