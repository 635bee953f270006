"""Lists of recipients, judged before a row is read: format, encoding, sheet, header and columns are sure, said by the
job, or the list is refused with what was found and the key that settles it."""
