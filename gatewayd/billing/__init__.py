"""What people owe: invoices, payments and credit notes as billing tells them, and what follows from them. Pure."""
