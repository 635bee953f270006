BEGIN TRANSACTION;
CREATE TABLE account (
	id INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	currency TEXT NOT NULL, 
	balance BIGINT DEFAULT 0 NOT NULL, 
	held BIGINT DEFAULT 0 NOT NULL, 
	charged BIGINT DEFAULT 0 NOT NULL, 
	granted BIGINT DEFAULT 0 NOT NULL, 
	created_at BIGINT NOT NULL, 
	CONSTRAINT pk_account PRIMARY KEY (id), 
	CONSTRAINT ck_account_sum CHECK (balance + held + charged = granted), 
	CONSTRAINT ck_account_balance CHECK (balance >= 0), 
	CONSTRAINT ck_account_held CHECK (held >= 0), 
	CONSTRAINT uq_account_name UNIQUE (name)
);
INSERT INTO "account" VALUES(1,'norte','ARS',14750000,2550000,1700000,19000000,1795000000000);
INSERT INTO "account" VALUES(2,'sur','ARS',5000000,0,0,5000000,1795000000018);
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0001');
CREATE TABLE attempt (
	id INTEGER NOT NULL, 
	message_id INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	line TEXT NOT NULL, 
	node TEXT NOT NULL, 
	epoch INTEGER NOT NULL, 
	state TEXT NOT NULL, 
	outcome TEXT, 
	reason TEXT, 
	started_at BIGINT NOT NULL, 
	ended_at BIGINT, 
	CONSTRAINT pk_attempt PRIMARY KEY (id)
);
INSERT INTO "attempt" VALUES(1,1,1,'claro-1','pop',1,'closed','accepted',NULL,1795000000006,1795000000008);
INSERT INTO "attempt" VALUES(2,2,1,'claro-1','pop',1,'closed','accepted',NULL,1795000000006,1795000000011);
INSERT INTO "attempt" VALUES(3,3,1,'claro-1','pop',1,'open',NULL,NULL,1795000000006,NULL);
INSERT INTO "attempt" VALUES(4,4,1,'claro-1','pop',1,'closed','accepted','no_answer',1795000000006,1795000000015);
INSERT INTO "attempt" VALUES(5,5,1,'claro-1','pop',1,'claimed',NULL,NULL,1795000000006,NULL);
CREATE TABLE blocklist (
	"to" TEXT NOT NULL, 
	at BIGINT NOT NULL, 
	source TEXT NOT NULL, 
	note TEXT, 
	CONSTRAINT pk_blocklist PRIMARY KEY ("to")
);
INSERT INTO "blocklist" VALUES('+5491150009999',1795000000024,'person','asked');
CREATE TABLE early_report (
	id INTEGER NOT NULL, 
	line TEXT NOT NULL, 
	reference TEXT NOT NULL, 
	"to" TEXT, 
	status TEXT NOT NULL, 
	reason TEXT, 
	at BIGINT NOT NULL, 
	received_at BIGINT NOT NULL, 
	CONSTRAINT pk_early_report PRIMARY KEY (id)
);
CREATE TABLE inbound (
	id INTEGER NOT NULL, 
	at BIGINT NOT NULL, 
	received_at BIGINT NOT NULL, 
	account_id INTEGER, 
	channel TEXT NOT NULL, 
	line TEXT NOT NULL, 
	sender TEXT NOT NULL, 
	"to" TEXT, 
	text TEXT NOT NULL, 
	"key" TEXT NOT NULL, 
	message_id INTEGER, 
	opt_out BOOLEAN NOT NULL, 
	written BOOLEAN NOT NULL, 
	CONSTRAINT pk_inbound PRIMARY KEY (id), 
	CONSTRAINT uq_inbound_line_key UNIQUE (line, "key")
);
INSERT INTO "inbound" VALUES(1,1795000000026,1795000000026,1,'sms','claro-1','+5491100000001',NULL,'gracias','k1',1,0,0);
INSERT INTO "inbound" VALUES(2,1795000000027,1795000000027,1,'sms','claro-1','+5491100000002',NULL,'basta de mensajes','k2',2,0,0);
INSERT INTO "inbound" VALUES(3,1795000000028,1795000000028,1,'sms','claro-1','+5491100000003',NULL,'primera mitad','k3',3,0,0);
CREATE TABLE inbound_part (
	line TEXT NOT NULL, 
	sender TEXT NOT NULL, 
	reference INTEGER NOT NULL, 
	total INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	"key" TEXT NOT NULL, 
	"to" TEXT, 
	text TEXT NOT NULL, 
	at BIGINT NOT NULL, 
	received_at BIGINT NOT NULL, 
	CONSTRAINT pk_inbound_part PRIMARY KEY (line, sender, reference, total, number)
)
 WITHOUT ROWID

;
INSERT INTO "inbound_part" VALUES('claro-1','+5491100000003',7,1,2,'k3',NULL,'primera mitad',1795000000028,1795000000028);
CREATE TABLE job (
	id INTEGER NOT NULL, 
	account_id INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	channel TEXT NOT NULL, 
	priority TEXT NOT NULL, 
	state TEXT NOT NULL, 
	content_hash TEXT NOT NULL, 
	not_before BIGINT, 
	not_after BIGINT, 
	resend BOOLEAN DEFAULT 0 NOT NULL, 
	unit_price BIGINT NOT NULL, 
	currency TEXT NOT NULL, 
	content TEXT NOT NULL, 
	node TEXT NOT NULL, 
	created_at BIGINT NOT NULL, 
	started_at BIGINT, 
	last_at BIGINT, 
	messages INTEGER DEFAULT 0 NOT NULL, 
	cost BIGINT DEFAULT 0 NOT NULL, 
	last_seq INTEGER DEFAULT 0 NOT NULL, 
	written_seq INTEGER DEFAULT 0 NOT NULL, 
	CONSTRAINT pk_job PRIMARY KEY (id), 
	CONSTRAINT fk_job_account_id FOREIGN KEY(account_id) REFERENCES account (id), 
	CONSTRAINT uq_job_account_id_name UNIQUE (account_id, name)
);
INSERT INTO "job" VALUES(1,1,'agosto','sms','normal','running','hash',NULL,NULL,0,850000,'ARS','{"lines": []}','pop',1795000000003,1795000000007,1795000000015,6,1700000,4,0);
INSERT INTO "job" VALUES(2,2,'setiembre','sms','normal','paused','hash',NULL,NULL,0,850000,'ARS','{"lines": []}','pop',1795000000020,NULL,NULL,2,0,0,0);
CREATE TABLE line (
	name TEXT NOT NULL, 
	enabled BOOLEAN, 
	tat FLOAT DEFAULT 0 NOT NULL, 
	CONSTRAINT pk_line PRIMARY KEY (name)
);
INSERT INTO "line" VALUES('claro-1',NULL,1795000000014.0);
INSERT INTO "line" VALUES('claro-2',0,0.0);
CREATE TABLE line_count (
	line TEXT NOT NULL, 
	day TEXT NOT NULL, 
	segments INTEGER NOT NULL, 
	messages INTEGER NOT NULL, 
	CONSTRAINT pk_line_count PRIMARY KEY (line, day)
)
 WITHOUT ROWID

;
INSERT INTO "line_count" VALUES('claro-1','2026-11-18',5,4);
CREATE TABLE line_recipient (
	line TEXT NOT NULL, 
	month TEXT NOT NULL, 
	"to" TEXT NOT NULL, 
	CONSTRAINT pk_line_recipient PRIMARY KEY (line, month, "to")
)
 WITHOUT ROWID

;
INSERT INTO "line_recipient" VALUES('claro-1','2026-11','+5491100000001');
INSERT INTO "line_recipient" VALUES('claro-1','2026-11','+5491100000002');
INSERT INTO "line_recipient" VALUES('claro-1','2026-11','+5491100000003');
INSERT INTO "line_recipient" VALUES('claro-1','2026-11','+5491100000004');
CREATE TABLE message (
	id INTEGER NOT NULL, 
	job_id INTEGER NOT NULL, 
	queue_id INTEGER NOT NULL, 
	"row" INTEGER NOT NULL, 
	ref TEXT, 
	"to" TEXT, 
	text TEXT, 
	encoding TEXT NOT NULL, 
	segments INTEGER NOT NULL, 
	state TEXT NOT NULL, 
	final BOOLEAN NOT NULL, 
	reason TEXT, 
	due BIGINT NOT NULL, 
	tries INTEGER DEFAULT 0 NOT NULL, 
	attempt_id INTEGER, 
	line TEXT, 
	concat_ref INTEGER, 
	cost BIGINT DEFAULT 0 NOT NULL, 
	updated_at BIGINT NOT NULL, 
	detail TEXT, 
	CONSTRAINT pk_message PRIMARY KEY (id)
);
INSERT INTO "message" VALUES(1,1,1,1,'C1','+5491100000001','Hola Ana','',1,'delivered',1,NULL,1795003600008,0,1,'claro-1',NULL,850000,1795000000009,NULL);
INSERT INTO "message" VALUES(2,1,1,2,'C2','+5491100000002','Hola Luz','',1,'submitted',0,NULL,1795003600011,0,2,'claro-1',NULL,850000,1795000000011,NULL);
INSERT INTO "message" VALUES(3,1,1,3,'C3','+5491100000003','Hola Hola Hola Hola Hola Hola Hola Hola Hola Hola Hola Hola Hola Hola Hola Hola Hola Hola Hola Hola Hola Hola Hola Hola Hola Hola Hola Hola Hola Hola Hola Hola Hola Hola Hola Hola Hola Hola Hola Hola ','',2,'sending',0,NULL,1795000000004,0,3,'claro-1',243,0,1795000000006,NULL);
INSERT INTO "message" VALUES(4,1,1,4,'C4','+5491100000004','Hola Eva','',1,'uncertain',1,'no_answer',1795003600015,0,4,'claro-1',NULL,0,1795000000015,NULL);
INSERT INTO "message" VALUES(5,1,1,5,'C5','+5491100000005','Hola Sol','',1,'sending',0,NULL,1795000000004,0,5,'claro-1',NULL,0,1795000000006,NULL);
INSERT INTO "message" VALUES(6,1,1,6,'C6','+5491100000006','Hola Zoe','',1,'queued',0,NULL,1795000000004,0,NULL,NULL,NULL,0,1795000000004,NULL);
INSERT INTO "message" VALUES(7,2,2,1,'C1','+5491100000001','Su saldo','',1,'queued',0,NULL,1795000000021,0,NULL,NULL,NULL,0,1795000000021,NULL);
INSERT INTO "message" VALUES(8,2,2,2,'C2','+5491100000002','Su saldo','',1,'queued',0,NULL,1795000000021,0,NULL,NULL,NULL,0,1795000000021,NULL);
CREATE TABLE node (
	name TEXT NOT NULL, 
	epoch INTEGER NOT NULL, 
	heartbeat BIGINT NOT NULL, 
	CONSTRAINT pk_node PRIMARY KEY (name)
);
INSERT INTO "node" VALUES('pop',1,1795000000002);
CREATE TABLE part (
	attempt_id INTEGER NOT NULL, 
	part INTEGER NOT NULL, 
	line TEXT NOT NULL, 
	"to" TEXT NOT NULL, 
	state TEXT NOT NULL, 
	reference TEXT, 
	reason TEXT, 
	at BIGINT NOT NULL, 
	reported_at BIGINT, 
	CONSTRAINT pk_part PRIMARY KEY (attempt_id, part)
)
 WITHOUT ROWID

;
INSERT INTO "part" VALUES(1,1,'claro-1','+5491100000001','delivered','1',NULL,1795000000007,1795000000009);
INSERT INTO "part" VALUES(2,1,'claro-1','+5491100000002','taken','1',NULL,1795000000010,NULL);
INSERT INTO "part" VALUES(3,1,'claro-1','+5491100000003','open',NULL,NULL,1795000000012,NULL);
INSERT INTO "part" VALUES(3,2,'claro-1','+5491100000003','open',NULL,NULL,1795000000013,NULL);
INSERT INTO "part" VALUES(4,1,'claro-1','+5491100000004','open',NULL,NULL,1795000000014,NULL);
CREATE TABLE queue (
	id INTEGER NOT NULL, 
	job_id INTEGER NOT NULL, 
	prefix TEXT NOT NULL, 
	held_reason TEXT, 
	held_at BIGINT, 
	CONSTRAINT pk_queue PRIMARY KEY (id), 
	CONSTRAINT fk_queue_job_id FOREIGN KEY(job_id) REFERENCES job (id), 
	CONSTRAINT uq_queue_job_id_prefix UNIQUE (job_id, prefix)
);
INSERT INTO "queue" VALUES(1,1,'',NULL,NULL);
INSERT INTO "queue" VALUES(2,2,'',NULL,NULL);
CREATE TABLE queue_count (
	queue_id INTEGER NOT NULL, 
	state TEXT NOT NULL, 
	final BOOLEAN NOT NULL, 
	messages INTEGER NOT NULL, 
	segments INTEGER NOT NULL, 
	CONSTRAINT pk_queue_count PRIMARY KEY (queue_id, state, final), 
	CONSTRAINT fk_queue_count_queue_id FOREIGN KEY(queue_id) REFERENCES queue (id)
)
 WITHOUT ROWID

;
INSERT INTO "queue_count" VALUES(1,'delivered',1,1,1);
INSERT INTO "queue_count" VALUES(1,'queued',0,1,1);
INSERT INTO "queue_count" VALUES(1,'sending',0,2,3);
INSERT INTO "queue_count" VALUES(1,'submitted',0,1,1);
INSERT INTO "queue_count" VALUES(1,'uncertain',1,1,1);
INSERT INTO "queue_count" VALUES(2,'queued',0,2,2);
CREATE TABLE receipt (
	job_id INTEGER NOT NULL, 
	seq INTEGER NOT NULL, 
	body TEXT NOT NULL, 
	CONSTRAINT pk_receipt PRIMARY KEY (job_id, seq)
)
 WITHOUT ROWID

;
INSERT INTO "receipt" VALUES(1,1,'{"v":1,"seq":1,"at":"2026-11-18T11:06:40.008Z","job":"agosto","message":"01M7Q5CQG32RP0000000000001","ref":"C1","row":1,"to":"+5491100000001","channel":"sms","state":"submitted","final":false,"reason":null,"line":"claro-1","attempt":1,"segments":1,"cost":"0.85","detail":{}}');
INSERT INTO "receipt" VALUES(1,2,'{"v":1,"seq":2,"at":"2026-11-18T11:06:40.009Z","job":"agosto","message":"01M7Q5CQG32RP0000000000001","ref":"C1","row":1,"to":"+5491100000001","channel":"sms","state":"delivered","final":true,"reason":null,"line":"claro-1","attempt":1,"segments":1,"cost":"0.85","detail":{}}');
INSERT INTO "receipt" VALUES(1,3,'{"v":1,"seq":3,"at":"2026-11-18T11:06:40.011Z","job":"agosto","message":"01M7Q5CQG32RP0000000000002","ref":"C2","row":2,"to":"+5491100000002","channel":"sms","state":"submitted","final":false,"reason":null,"line":"claro-1","attempt":1,"segments":1,"cost":"0.85","detail":{}}');
INSERT INTO "receipt" VALUES(1,4,'{"v":1,"seq":4,"at":"2026-11-18T11:06:40.015Z","job":"agosto","message":"01M7Q5CQG32RP0000000000004","ref":"C4","row":4,"to":"+5491100000004","channel":"sms","state":"uncertain","final":true,"reason":"no_answer","line":"claro-1","attempt":1,"segments":1,"cost":"0.00","detail":{}}');
CREATE TABLE segment (
	job_id INTEGER NOT NULL, 
	first_seq INTEGER NOT NULL, 
	last_seq INTEGER NOT NULL, 
	cut_at BIGINT NOT NULL, 
	CONSTRAINT pk_segment PRIMARY KEY (job_id, first_seq)
)
 WITHOUT ROWID

;
INSERT INTO "segment" VALUES(1,1,4,1795000000016);
CREATE TABLE setting (
	"key" TEXT NOT NULL, 
	value TEXT NOT NULL, 
	CONSTRAINT pk_setting PRIMARY KEY ("key")
);
INSERT INTO "setting" VALUES('salt','5676');
CREATE TABLE transfer (
	id INTEGER NOT NULL, 
	account_id INTEGER NOT NULL, 
	kind TEXT NOT NULL, 
	amount BIGINT NOT NULL, 
	attempt_id INTEGER, 
	part INTEGER, 
	step TEXT, 
	at BIGINT NOT NULL, 
	note TEXT, 
	CONSTRAINT pk_transfer PRIMARY KEY (id), 
	CONSTRAINT fk_transfer_account_id FOREIGN KEY(account_id) REFERENCES account (id), 
	CONSTRAINT uq_transfer_attempt_id_part_step UNIQUE (attempt_id, part, step)
);
INSERT INTO "transfer" VALUES(1,1,'grant',20000000,NULL,NULL,NULL,1795000000001,NULL);
INSERT INTO "transfer" VALUES(2,1,'hold',850000,1,1,'hold',1795000000006,NULL);
INSERT INTO "transfer" VALUES(3,1,'hold',850000,2,1,'hold',1795000000006,NULL);
INSERT INTO "transfer" VALUES(4,1,'hold',850000,3,1,'hold',1795000000006,NULL);
INSERT INTO "transfer" VALUES(5,1,'hold',850000,3,2,'hold',1795000000006,NULL);
INSERT INTO "transfer" VALUES(6,1,'hold',850000,4,1,'hold',1795000000006,NULL);
INSERT INTO "transfer" VALUES(7,1,'hold',850000,5,1,'hold',1795000000006,NULL);
INSERT INTO "transfer" VALUES(8,1,'charge',850000,1,1,'settle',1795000000008,NULL);
INSERT INTO "transfer" VALUES(9,1,'charge',850000,2,1,'settle',1795000000011,NULL);
INSERT INTO "transfer" VALUES(10,1,'release',850000,4,1,'settle',1795000000015,NULL);
INSERT INTO "transfer" VALUES(11,1,'grant',-1000000,NULL,NULL,NULL,1795000000017,'correction');
INSERT INTO "transfer" VALUES(12,2,'grant',5000000,NULL,NULL,NULL,1795000000019,'first');
CREATE INDEX ix_attempt_live ON attempt (node, id) WHERE state != 'closed';
CREATE INDEX ix_attempt_message_id ON attempt (message_id);
CREATE INDEX ix_inbound_unwritten ON inbound (id) WHERE NOT written;
CREATE INDEX ix_message_job_id_id ON message (job_id, id);
CREATE INDEX ix_message_ready ON message (queue_id, due, id) WHERE state IN ('queued', 'scheduled');
CREATE INDEX ix_message_report_due ON message (due) WHERE state = 'submitted' AND NOT final;
CREATE INDEX ix_message_to_id ON message ("to", id);
CREATE INDEX ix_part_awaiting ON part (line, reference) WHERE state IN ('taken', 'undelivered') AND reference IS NOT NULL;
CREATE INDEX ix_part_doubt ON part (line, "to") WHERE state IN ('open', 'doubt');
CREATE INDEX ix_transfer_account_id_id ON transfer (account_id, id);
CREATE INDEX ix_queue_job_id ON queue (job_id);
CREATE INDEX ix_queue_count_waiting ON queue_count (queue_id) WHERE state IN ('queued', 'scheduled') AND messages > 0;
COMMIT;
