"""Templates, lists and campaigns: what people send, before it is a job."""
