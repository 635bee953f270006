"""The engine of imports: a worker reads a sheet, the daemon alone writes."""
