-- How many events fit a filter, and how many of them does each part of it leave?
-- :sums the counts; :conditions what holds for all.
-- Cost: reads the columns of the conditions alone.
SELECT :sums
FROM events
WHERE :conditions
