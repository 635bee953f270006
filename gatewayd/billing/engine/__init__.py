"""What billing says enters the store here, with what follows from it and what it withdraws."""
