-- Files of numbers, and the tasks that text them.
SELECT 1;
