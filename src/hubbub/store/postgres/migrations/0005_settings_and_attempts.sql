-- Settings and attempts are records by now: conversions.py has copied them. Looks are found anew when identity opens.
DROP TABLE settings;
DROP TABLE attempts;
DROP TABLE looks;
