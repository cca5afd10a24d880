/* PLANNED, not built. Two caseworkers, one case, a log at two relays, each with an order of its own. A claim is an entry at
   both. Each worker reads each relay's log in its order, as late as can be; in each round the surroundings choose who
   reaches which relay. Entries for a relay that is not reached wait.
   Shown: two replies leave only if one of the writers was asked and chose to send all the same. */
#ifndef BACK
#define BACK 2     /* Send waits until one's own claim came back: 0 not at all, 1 from one relay, 2 from both (else it asks) */
#endif
#ifndef AGAIN
#define AGAIN 1    /* when another's claim before one's own has run out, one claims anew and waits; 0: the old claim is enough */
#endif
#ifndef FIRST
#define FIRST 1    /* the entry "replied" is at both relays before the reply leaves; 0: it may come later */
#endif
#ifndef CLOCK
#define CLOCK 1    /* one's own lease counts from before the claim left; 0: from when it came back */
#endif
#ifndef KEEP
#define KEEP 1     /* a new claim stands behind every claim read so far; 0: only behind those read after it */
#endif
#ifndef NUMBER
#define NUMBER 1   /* this very claim must come back; 0: an earlier claim of one's own counts as well */
#endif
#ifndef LEASE
#define LEASE 1    /* rounds that a claim lives */
#endif
#ifndef ROUNDS
#define ROUNDS 1
#endif
#define ENTRIES 6

byte now;
byte count[2], log0[6], log1[6];   /* entries: 1, 2 claim of 0, 1; 3, 4 reply of 0, 1; 5, 6 second claim of 0, 1 */
byte read[4], waiting[4];          /* worker p at relay r: index 2*p+r */
bit reach[4], back[4];
byte own[2], before[2], after[2];  /* the round of one's claim; of another's claim read before, after one's own, and 1 */
byte tries[2];
bit claimed[2], sent[2], chose[2], replied[2];
hidden byte entry;

inline append(p, r, e) {
  if
  :: reach[2*p+r] && count[r] < ENTRIES ->
     if :: r == 0 -> log0[count[0]] = e :: else -> log1[count[1]] = e fi;
     count[r]++
  :: else -> waiting[2*p+r] = e
  fi
}

inline hear(p, r) {
  entry = (r == 0 -> log0[read[2*p+r]] : log1[read[2*p+r]]);
  if
  :: (entry == 1 + p && (!NUMBER || tries[p] == 1)) || (entry == 5 + p && tries[p] == 2) ->
     back[2*p+r] = 1;
     if :: !CLOCK -> own[p] = now :: else fi
  :: entry == 2 - p || entry == 6 - p ->
     if :: !back[2*p+r] -> before[p] = now + 1 :: else -> after[p] = now + 1 fi
  :: entry == 4 - p -> replied[p] = 1
  :: else
  fi;
  read[2*p+r]++
}

#define CAME(p) (BACK == 0 || (BACK == 1 && (back[2*p] || back[2*p+1])) || (back[2*p] && back[2*p+1]))
#define STANDS(p) (before[p] > 0 && (AGAIN || now < before[p] - 1 + LEASE))
#define ROOM (count[0] < 4 && count[1] < 4)
#define NOTHING_WAITS(p) (!waiting[2*p] && !waiting[2*p+1])

proctype Worker(byte p) {
  do
  :: atomic { !claimed[p] && !sent[p] && tries[p] == 0 && ROOM ->
       claimed[p] = 1; tries[p] = 1; own[p] = now;
       append(p, 0, 1+p); append(p, 1, 1+p) }
  :: atomic { reach[2*p] && waiting[2*p] && count[0] < ENTRIES ->
       log0[count[0]] = waiting[2*p]; count[0]++; waiting[2*p] = 0 }
  :: atomic { reach[2*p+1] && waiting[2*p+1] && count[1] < ENTRIES ->
       log1[count[1]] = waiting[2*p+1]; count[1]++; waiting[2*p+1] = 0 }
  :: atomic { reach[2*p] && read[2*p] < count[0] -> hear(p, 0) }
  :: atomic { reach[2*p+1] && read[2*p+1] < count[1] -> hear(p, 1) }
  /* One's own lease, or another's that stood before it, has run out: claim anew, in one step. */
  :: atomic { claimed[p] && !sent[p] && tries[p] == 1 && NOTHING_WAITS(p) && ROOM &&
              (now >= own[p] + LEASE || before[p] > 0) && (before[p] == 0 || now >= before[p] - 1 + LEASE) ->
       before[p] = (KEEP -> after[p] : 0); after[p] = 0;
       tries[p] = 2; own[p] = now; back[2*p] = 0; back[2*p+1] = 0;
       append(p, 0, 5+p); append(p, 1, 5+p) }
  /* The reply leaves unasked. */
  :: atomic { claimed[p] && !sent[p] && CAME(p) && now < own[p] + LEASE && !STANDS(p) && !replied[p] &&
              (!FIRST || (reach[2*p] && reach[2*p+1] && NOTHING_WAITS(p))) ->
       sent[p] = 1; append(p, 0, 3+p); append(p, 1, 3+p);
       assert(!sent[1-p] || chose[1-p]) }
  /* Somebody who sees the other, or is not in touch, is asked, and sends all the same. */
  :: atomic { claimed[p] && !sent[p] && (STANDS(p) || replied[p] || !CAME(p)) && NOTHING_WAITS(p) ->
       sent[p] = 1; chose[p] = 1; append(p, 0, 3+p); append(p, 1, 3+p) }
  :: atomic { now >= ROUNDS -> break }
  od
}

active proctype Time() {
  atomic {
    reach[0] = 1; reach[1] = 1; reach[2] = 1; reach[3] = 1;
    run Worker(0); run Worker(1)
  };
  do
  :: atomic { now < ROUNDS ->
       now++;
       if :: reach[0] = 0 :: reach[0] = 1 fi;
       if :: reach[1] = 0 :: reach[1] = 1 fi;
       if :: reach[2] = 0 :: reach[2] = 1 fi;
       if :: reach[3] = 0 :: reach[3] = 1 fi }
  :: else -> break
  od
}
