"""What came of campaigns: what customers did, trials, evidence, forecasts and the case library."""
