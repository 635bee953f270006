"""What people set: lines beside those of the file, their sealed secrets, settings and logo of an account."""
