-- What is handed in for review.

-- name: submissions -- of an account, newest first
SELECT id, account, subject, name, status, scope, facts, qualification, template, reason, created_at,
       submitted_at, expected_at, decided_at, removed_at
FROM submission WHERE account = ? AND subject = ? AND removed_at = 0 ORDER BY id DESC;

-- name: all_submissions
SELECT id, account, subject, name, status, scope, facts, qualification, template, reason, created_at,
       submitted_at, expected_at, decided_at, removed_at
FROM submission WHERE subject = ? AND removed_at = 0 ORDER BY id DESC;

-- name: submission -- also one that was removed
SELECT id, account, subject, name, status, scope, facts, qualification, template, reason, created_at,
       submitted_at, expected_at, decided_at, removed_at
FROM submission WHERE id = ?;

-- name: submission_of_template -- likewise
SELECT id, account, subject, name, status, scope, facts, qualification, template, reason, created_at,
       submitted_at, expected_at, decided_at, removed_at
FROM submission WHERE template = ? AND template <> 0;

-- name: submissions_in_review -- handed in by a moment, oldest first
SELECT id, account, subject, name, status, scope, facts, qualification, template, reason, created_at,
       submitted_at, expected_at, decided_at, removed_at
FROM submission WHERE decided_at = 0 AND removed_at = 0 AND submitted_at <= ?
ORDER BY submitted_at, id;

-- name: unreviewed_signatures
SELECT name, scope, created_at FROM signature
WHERE account = ? AND NOT EXISTS
  (SELECT 1 FROM submission
   WHERE submission.account = signature.account AND submission.subject = 'signature'
     AND submission.name = signature.name AND submission.status = 0 AND submission.removed_at = 0)
ORDER BY id;

-- name: unreviewed_templates
SELECT id, name, scope, created_at, review, reason FROM template
WHERE account = ? AND NOT EXISTS (SELECT 1 FROM submission WHERE submission.template = template.id)
ORDER BY id;

-- name: insert_submission
INSERT INTO submission (account, subject, name, status, scope, facts, qualification, template, reason,
                        created_at, submitted_at, expected_at, decided_at, removed_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id;

-- name: change_submission
UPDATE submission
SET account = ?, subject = ?, name = ?, status = ?, scope = ?, facts = ?, qualification = ?, template = ?,
    reason = ?, created_at = ?, submitted_at = ?, expected_at = ?, decided_at = ?, removed_at = ?
WHERE id = ?;

-- name: papers
SELECT name, sealed_content FROM paper WHERE submission = ?;

-- name: insert_paper
INSERT INTO paper (submission, name, sealed_content) VALUES (?, ?, ?);

-- name: drop_papers
DELETE FROM paper WHERE submission = ?;

-- name: change_template -- another text, which is to be reviewed
UPDATE template SET kind = ?, body = ?, scope = ?, review = 'submitted', reason = '' WHERE id = ?;

-- name: done
SELECT sealed_answer FROM done WHERE key = ? AND at > ?;

-- name: insert_done
INSERT INTO done (key, sealed_answer, at) VALUES (?, ?, ?)
ON CONFLICT (key) DO UPDATE SET sealed_answer = excluded.sealed_answer, at = excluded.at;

-- name: forget_done
DELETE FROM done WHERE at <= ?;
