"""Campaigns: rules and sums that know no store. Engines and operations ask them."""
