"""Templates, lists of people, campaigns, their runs and what happened to them. Policy is `gatewayd.campaigns`."""
