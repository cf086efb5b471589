"""Whom we may write to: addresses, consent, holds, the contact policy, reasons to leave out."""
