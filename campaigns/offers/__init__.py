"""Coupons: made, given, redeemed, run out and taken back."""
