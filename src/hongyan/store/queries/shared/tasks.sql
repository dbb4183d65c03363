-- Files of numbers, and the tasks that text them.

-- name: insert_upload
INSERT INTO upload (id, app, created_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING;

-- name: uploads_since
SELECT count(*) FROM upload WHERE app = ? AND created_at > ?;

-- name: insert_piece
INSERT INTO upload_piece (upload, number, sealed_content) VALUES (?, ?, ?);

-- name: end_upload
UPDATE upload SET octets = ? WHERE id = ?;

-- name: upload -- one that is whole
SELECT app FROM upload WHERE id = ? AND octets > 0;

-- name: piece
SELECT sealed_content FROM upload_piece WHERE upload = ? AND number = ?;

-- name: drop_upload
DELETE FROM upload WHERE id = ?;

-- name: drop_pieces
DELETE FROM upload_piece WHERE upload = ?;

-- name: forgotten_uploads -- those that no task wanted
SELECT id FROM upload
WHERE created_at < ? AND NOT EXISTS (SELECT 1 FROM task WHERE task.id = upload.id) LIMIT ?;

-- name: insert_task
INSERT INTO task (id, app, environment, short_name, created_at, due_at) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT DO NOTHING;

-- name: task
SELECT id, app, environment, short_name, created_at, line, ended_at FROM task WHERE id = ?;

-- name: due_task -- the one that has waited longest
SELECT id, app, environment, short_name, created_at, line, ended_at FROM task
WHERE ended_at = 0 AND due_at <= ? ORDER BY due_at LIMIT 1;

-- name: put_off_task
UPDATE task SET due_at = ? WHERE id = ? AND line = ? AND ended_at = 0;

-- name: free_tasks -- those that somebody has been at
UPDATE task SET due_at = 0 WHERE ended_at = 0;

-- name: advance_task -- unless somebody else has
UPDATE task SET line = ?, due_at = ? WHERE id = ? AND line = ? AND ended_at = 0;

-- name: end_task
UPDATE task SET ended_at = ? WHERE id = ? AND line = ? AND ended_at = 0;

-- name: count_lines
SELECT count(*) FROM task_line WHERE task = ?;

-- name: forgotten_tasks
SELECT id FROM task WHERE created_at < ? LIMIT ?;

-- name: drop_lines
DELETE FROM task_line WHERE task = ?;

-- name: drop_task
DELETE FROM task WHERE id = ?;
