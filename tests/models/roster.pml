/* PLANNED, not built. Two leads shut somebody out at the same time, each over a relay of their own. Two relays that pass on late
   and in another order are modelled by what follows from them: each person hears any epoch that was made, in any order, as
   late as can be. People: 0 and 1 lead, 2 works, 3 and 4 are to be shut out. An epoch: its parent, and who is out so far (a
   mask); all others have its key. */

/* Rules, each with what it is without. */
#ifndef MERGE
#define MERGE 2    /* 0 union: the epoch heard last is used; 1 of epochs with one parent that with the lowest hash counts;
                      2 and what the others shut out is made again on top */
#endif
#ifndef REMAKE
#define REMAKE 3   /* who makes it again: 3 anybody still in (the signed word of the lead is the proof), 2 leads still in */
#endif
#ifndef WAIT
#define WAIT 1     /* who knows of somebody out whom the current epoch does not leave out writes nothing under it */
#endif

/* Surroundings. */
#ifndef MUTUAL
#define MUTUAL 0   /* 1: the leads shut each other out */
#endif
#ifndef HOSTILE
#define HOSTILE 0  /* 1: lead 0's device is stolen: it makes nothing again, and its epoch may come late, on the old parent */
#endif
#ifndef EPOCHS
#define EPOCHS 6   /* at most */
#endif

/* What is shown:
     1  when all is delivered: one epoch for all, both shut out, no key to them
     2  nobody writes under a key that somebody has of whom the writer knows that they are out
     3  it comes to rest with EPOCHS at most */
#ifndef SHOWN
#define SHOWN 0
#endif

byte n, parent_of[8], out[8], current[3], heard[3], acted[2];
bit higher[8];                                          /* which of two hashes is the higher */
hidden byte i, m, r, found, sum, more;
#define HEARD(p, e) ((heard[p] >> ((e)-1)) & 1)         /* the epochs that a person knows: bit e-1 is epoch e */
#define IS_IN(p) (!((out[current[p]] >> p) & 1))

/* Which epoch counts for a person. */
inline choose(p) {
  if
  :: MERGE == 0 -> skip
  :: else ->
     found = 0; more = 1;
     do
     :: more ->
        more = 0; r = 0; i = 1;
        do
        :: i <= n ->
           if
           :: HEARD(p, i) && parent_of[i] == found && (r == 0 || (higher[r] && !higher[i])) -> r = i
           :: else
           fi;
           i++
        :: else -> break
        od;
        if :: r > 0 -> found = r; more = 1 :: else fi
     :: else -> break
     od;
     current[p] = found; found = 0; r = 0; i = 0
  fi
}

/* Everybody of whom a person knows that they are out. */
inline sum_out(p) {
  sum = 0; i = 1;
  do
  :: i <= n ->
     if :: HEARD(p, i) && (parent_of[i] == 0 || HEARD(p, parent_of[i])) -> sum = sum | out[i] :: else fi;
     i++
  :: else -> break
  od;
  i = 0
}

inline make_epoch(p, parent, mask) {
  assert(SHOWN != 3 || n < EPOCHS);
  if
  :: n < EPOCHS ->
     n++; parent_of[n] = parent; out[n] = mask;
     if :: higher[n] = 0 :: higher[n] = 1 fi;
     heard[p] = heard[p] | (1 << (n-1));
     if :: MERGE == 0 -> current[p] = n :: else -> choose(p) fi
  :: else
  fi
}

active proctype World() {
  do
  /* A lead shuts out, on top of what it knows. A stolen device may use the old parent. */
  :: atomic { acted[0] == 0 ->
       acted[0] = 1; make_epoch(0, (HOSTILE -> 0 : current[0]), (HOSTILE -> 0 : out[current[0]]) | (MUTUAL -> 2 : 8)) }
  :: atomic { acted[1] == 0 && IS_IN(1) ->
       acted[1] = 1; make_epoch(1, current[1], out[current[1]] | ((MUTUAL || HOSTILE) -> 1 : 16)) }
  /* People hear, one epoch at a time, in any order. */
  :: atomic { n > 0 ->
       if :: m = 0 :: m = 1 :: m = 2 fi;
       i = 1;
       do
       :: i <= n && !HEARD(m, i) ->
          heard[m] = heard[m] | (1 << (i-1));
          if :: MERGE == 0 -> current[m] = i :: else -> choose(m) fi;
          break
       :: i < n -> i++
       :: i >= n -> break
       od }
  /* What did not count is made again. */
  :: atomic { MERGE == 2 && n > 0 ->
       if :: m = 0 :: m = 1 :: m = 2 fi;
       sum_out(m);
       if
       :: (sum | out[current[m]]) != out[current[m]] && IS_IN(m) && !(HOSTILE && m == 0) && (REMAKE == 3 || m < 2) ->
          found = out[current[m]] | sum; make_epoch(m, current[m], found); found = 0
       :: else
       fi;
       m = 0; sum = 0 }
  /* Somebody writes. */
  :: atomic { SHOWN == 2 && n > 0 ->
       if :: m = 0 :: m = 1 :: m = 2 fi;
       sum_out(m);
       if
       :: IS_IN(m) && !(HOSTILE && m == 0) && !((sum >> m) & 1) && (!WAIT || (sum & ~out[current[m]]) == 0) ->
          assert((sum & ~out[current[m]]) == 0)
       :: else
       fi;
       m = 0; sum = 0 }
  /* Rest: everybody heard everything and nobody has anything to make again. */
  :: atomic { n > 0 && acted[0] > 0 && (acted[1] > 0 || !IS_IN(1)) && heard[0] == (1 << n) - 1 &&
              heard[1] == heard[0] && heard[2] == heard[0] ->
       i = 1; sum = 0;
       do :: i <= n -> sum = sum | out[i]; i++ :: else -> break od;
       i = 0;
       if
       :: MERGE < 2 || (sum | out[current[2]]) == out[current[2]] || (REMAKE == 2 && (!IS_IN(0) || HOSTILE) && !IS_IN(1)) ->
          assert(SHOWN != 1 ||
            (current[0] == current[1] && current[1] == current[2] && (sum & ~out[current[2]]) == 0));
          break
       :: else
       fi;
       sum = 0 }
  od
}
