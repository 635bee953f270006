"""What lives inside Asterisk: the context that answered calls run through, its installation, and the prompts it plays.

Pure text and files: nothing here speaks to an Asterisk or knows what a message is.
"""
