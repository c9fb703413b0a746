/* SPDX-License-Identifier: ISC */
/* Printed by golden_plan.py, which shares no code with the product: do not edit. */
#ifndef GAPSEAL_GOLDEN_PLAN_H
#define GAPSEAL_GOLDEN_PLAN_H

#define GOLDEN_PROFILE \
	"title = \"Golden\"\n" \
	"credential name { tag = 300 type = identity from = column }\n" \
	"credential key { tag = 300 type = psk from = column }\n" \
	"credential made { tag = 5 type = psk bytes = 24 }\n" \
	"credential as { tag = 5 type = identity template = \"{{{IMEI}}@x\" }\n" \
	"policy { rework = never families = {nrf9160} digest_forms = {exact, nul} }\n"
#define GOLDEN_CSV \
	"IMEI,Lot,PSK,PSK_Identity\n" \
	"001014000000083,b,AB12AB12AB12AB12AB12AB12AB12AB12AB12AB12AB12AB12AB12AB12AB12AB12,first\n" \
	"001014000000158,a,00ff00ff00ff00ff00ff00ff00ff00ff,\"se,cond\"\n" \
	"001014000000224,b,c0dec0dec0dec0dec0dec0dec0dec0de,4:x\n"
#define GOLDEN_PLAN_HASH "c76b6d1aad0ac671be35245310f51f08bbadb7e671ebeaa3a9e67c2d5c50c683"
#define GOLDEN_PROFILE_2 \
	"credential issued { tag = 7 type = cert cn = \"{imei}\" days = 9 chain = true lots = {a} }\n" \
	"credential made { tag = 7 type = key lots = a }\n" \
	"credential cert { tag = 7 type = cert from = path line_ending = crlf }\n" \
	"credential key { tag = 7 type = key from = path password_column = Secret }\n" \
	"credential old { tag = 8 type = psk from = delete }\n" \
	"credential there { tag = 9 type = ca from = expect }\n"
#define GOLDEN_CSV_2 \
	"imei,lot,client_cert,client_key,secret\n" \
	"001014000000083,b,c.pem,c.key,specimen words\n" \
	"001014000000158,a,,,\n" \
	"001014000000224,b,d.pem,d.key,\n"
#define GOLDEN_PLAN_HASH_2 "97e0b80ba186fb360b1f21f23e258491177f52e51134d69ed836a794cff227fb"

#endif
