<?php // Prints each host that verifies. Arguments: CA file, port, hosts.
foreach (array_slice($argv, 3) as $host) {
    $options = ['cafile' => $argv[1], 'peer_name' => $host];
    $context = stream_context_create(['ssl' => $options]);
    $socket = @stream_socket_client("ssl://127.0.0.1:$argv[2]", $code, $text, 20, STREAM_CLIENT_CONNECT, $context);
    if ($socket !== false) {
        echo "$host\n";
        fclose($socket);
    }
}
