"""How people stand who are looked at: consent, the board, alerts, evidence and cases."""
