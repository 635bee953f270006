"""What leaves the store for the spool: receipts, what came in, notices to other systems."""
