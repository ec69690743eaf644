"""What the evaluator promises: speed, innocents spared, runs that survive being killed, memory that stays flat."""
