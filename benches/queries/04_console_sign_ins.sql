-- Who signed in to the console, with what result?
SELECT eventtime, useridentity.username, sourceipaddress, responseelements
FROM events WHERE eventname = 'ConsoleLogin' ORDER BY eventtime DESC, eventid LIMIT 100
