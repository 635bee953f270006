"""Answers without a person: what a text asks for, who may hear what, how often. Pure."""
