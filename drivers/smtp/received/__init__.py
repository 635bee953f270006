"""What a mail in the account's mailbox says: that one of ours bounced, a complaint, a reply, or nothing for us.

Pure: bytes in, events out. Anybody can write to a mailbox, so everything here takes time in proportion to the mail's
length: `mime` and `encoded` take it apart within bounds, `page` makes text of HTML; `identity` finds which mail of ours
it is about, `bounces` and `complaints` what became of that, `machine` whether a program wrote it, `answer` which words
are the person's own; `reading` asks them in turn.
"""
