-- When a guardian agreed to be reminded by e-mail the day before; absent: they are not. Their address stays sealed.
ALTER TABLE guardians ADD COLUMN reminders_since DATE;

-- What a mail is written from when it is sent, as JSON of identifiers: until then neither its words nor its address stand
-- anywhere in clear, and what no longer holds is not sent.
ALTER TABLE mails ADD COLUMN written_from TEXT;
