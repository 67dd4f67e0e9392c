"""A whole edition before it is sent: who gets which story, who gets nothing and why, and what is
wrong with the copies. Everybody is ranked and rendered as planning and sending would; nothing is
recorded and nothing sent."""
