"""What the desk shows and does: each module turns requests into one call and an answer. No SQL, no rule of counting."""
