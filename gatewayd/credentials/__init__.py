"""What proves who somebody is, and how secrets are kept."""
