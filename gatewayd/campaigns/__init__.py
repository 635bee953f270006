"""Campaigns: people × what they are told × when. Pure rules; `engine` carries them out."""
