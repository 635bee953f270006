"""Claims: who is asked for what is due, when, by which channel, and why not. Pure; `engine` carries it out."""
