"""Carries campaigns out: reads lists, freezes audiences, records jobs, keeps times, climbs ladders."""
