<?php
// The same people as in the demo's contact centre. Names with letters outside ASCII on purpose.
$config = [
    'people' => [
        'exampleauth:UserPass',
        'alice:alicepass' => [
            'uid' => ['alice'],
            'mail' => ['alice@example.com'],
            'givenName' => ['Alice'],
            'sn' => ['Lindström'],
            'groups' => ['cc-agents', 'blue & <green>'],
        ],
        'newcomer:newcomerpass' => [
            'uid' => ['newcomer'],
            'mail' => ['newcomer@example.com'],
            'givenName' => ['Nilüfer'],
            'sn' => ['日本 O\'Neill'],
            'groups' => ['cc-agents', 'cc-supervisors'],
        ],
        'stranger:strangerpass' => [
            'uid' => ['stranger'],
            'mail' => ['stranger@example.com'],
            'givenName' => ['Sam'],
            'sn' => ['Stranger'],
            'groups' => ['visitors'],
        ],
    ],
];
