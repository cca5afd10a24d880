"""Whom the desk knows of and what they allow: the ground on which letters and exports stand."""
