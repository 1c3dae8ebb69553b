/* hiredis against the server at HOST:PORT; see tests/clients/scripts_test.go. */
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void check(int holds, const char *what) {
	if (!holds) {
		fprintf(stderr, "wrong: %s\n", what);
		exit(1);
	}
}

static redisContext *dial(void) {
	redisContext *c = redisConnect(getenv("HOST"), atoi(getenv("PORT")));
	if (c != NULL && c->err) {
		redisFree(c);
		return NULL;
	}
	return c;
}

static redisReply *must(redisReply *r, int type, const char *what) {
	check(r != NULL && r->type == type, what);
	return r;
}

static void ok(const char *name) {
	printf("ok %s\n", name);
	fflush(stdout);
}

int main(void) {
	redisContext *c = dial();
	redisReply *r;
	int i;

	check(c != NULL, "connect");
	freeReplyObject(must(redisCommand(c, "PING"), REDIS_REPLY_STATUS, "PING"));
	ok("connect");

	freeReplyObject(must(redisCommand(c, "SET %s %b", "k", "a\0b", (size_t)3), REDIS_REPLY_STATUS, "SET"));
	r = must(redisCommand(c, "GET k"), REDIS_REPLY_STRING, "GET");
	check(r->len == 3 && memcmp(r->str, "a\0b", 3) == 0, "a value with a NUL");
	freeReplyObject(r);
	freeReplyObject(must(redisCommand(c, "RPUSH l a b c"), REDIS_REPLY_INTEGER, "RPUSH"));
	r = must(redisCommand(c, "LRANGE l 0 -1"), REDIS_REPLY_ARRAY, "LRANGE");
	check(r->elements == 3 && strcmp(r->element[2]->str, "c") == 0, "LRANGE");
	freeReplyObject(r);
	freeReplyObject(must(redisCommand(c, "GET nosuch"), REDIS_REPLY_NIL, "nil"));
	freeReplyObject(must(redisCommand(c, "INCR l"), REDIS_REPLY_ERROR, "an error"));
	ok("values");

	for (i = 0; i < 1000; i++)
		check(redisAppendCommand(c, "INCR n") == REDIS_OK, "append");
	for (i = 0; i < 1000; i++) {
		check(redisGetReply(c, (void **)&r) == REDIS_OK && r->integer == i + 1, "pipeline");
		freeReplyObject(r);
	}
	ok("pipeline");

	freeReplyObject(must(redisCommand(c, "MULTI"), REDIS_REPLY_STATUS, "MULTI"));
	freeReplyObject(must(redisCommand(c, "INCR t"), REDIS_REPLY_STATUS, "QUEUED"));
	r = must(redisCommand(c, "EXEC"), REDIS_REPLY_ARRAY, "EXEC");
	check(r->elements == 1 && r->element[0]->integer == 1, "EXEC");
	freeReplyObject(r);
	ok("transaction");

	printf("RESTART\n");
	fflush(stdout);
	check(getchar() == 'G', "GO");
	check(redisCommand(c, "PING") == NULL, "the old connection is gone");
	redisFree(c);
	for (i = 0; (c = dial()) == NULL && i < 500; i++)
		usleep(20000);
	check(c != NULL, "reconnect");
	freeReplyObject(must(redisCommand(c, "SET again 1"), REDIS_REPLY_STATUS, "SET"));
	redisFree(c);
	ok("reconnect");
	printf("done\n");
	return 0;
}
